# Ruby 3, no gems. Signs a proof for the user who is signed in at your site.
require 'json'
require 'openssl'

def part(data)
  [data].pack('m0').tr('+/', '-_').delete('=')
end

def sign_proof(user, widget, secret)
  now = Time.now.to_i
  header = { alg: 'HS256', typ: 'JWT' }
  claims = {
    sub: user[:id].to_s,
    email: user[:email],
    given_name: user[:first_name],
    family_name: user[:last_name],
    aud: widget,
    iat: now,
    exp: now + 300
  }
  message = [header, claims].map { |value| part(JSON.generate(value)) }.join('.')
  "#{message}.#{part(OpenSSL::HMAC.digest('SHA256', secret, message))}"
end

user = { id: 7, email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace' }
puts sign_proof(user, ENV.fetch('PARLOR_WIDGET'), ENV.fetch('PARLOR_WIDGET_SECRET'))
